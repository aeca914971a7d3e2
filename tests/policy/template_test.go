package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-faster/yaml"
	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/lambdahttp"
)

// A template is template.yaml as far as the rules look at it. Intrinsic functions are objects: !Ref X is {"Ref": "X"}.
type template struct {
	Parameters map[string]struct {
		Type, AllowedPattern, ConstraintDescription string
		NoEcho                                      bool
		AllowedValues                               []any
		MinValue, MaxValue                          any
	}
	Globals struct {
		Function struct {
			LoggingConfig map[string]any
			Environment   struct{ Variables map[string]any }
		}
	}
	Resources map[string]resource
	Outputs   map[string]struct{ Value any }
}

type resource struct {
	Type, Condition, DeletionPolicy, UpdateReplacePolicy string
	Metadata                                             map[string]any
	Properties                                           map[string]any
}

func readTemplate(t *testing.T) template {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(), "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(plainYAML(t, &node))
	if err != nil {
		t.Fatal(err)
	}
	var out template
	if err := json.Unmarshal(plain, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// plainYAML makes maps and lists of a document, and objects of CloudFormation's short forms.
func plainYAML(t *testing.T, n *yaml.Node) any {
	t.Helper()
	var value any
	switch n.Kind {
	case yaml.DocumentNode:
		return plainYAML(t, n.Content[0])
	case yaml.AliasNode:
		return plainYAML(t, n.Alias)
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainYAML(t, n.Content[i+1])
		}
		value = m
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, plainYAML(t, c))
		}
		value = list
	default:
		if strings.HasPrefix(n.Tag, "!!") {
			if err := n.Decode(&value); err != nil {
				t.Fatal(err)
			}
		} else {
			value = n.Value
		}
	}
	if function, ok := strings.CutPrefix(n.Tag, "!"); ok && !strings.HasPrefix(n.Tag, "!!") {
		if function != "Ref" && function != "Condition" {
			function = "Fn::" + function
		}
		return map[string]any{function: value}
	}
	return value
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const serverless = "AWS::Serverless::Function"

// Every folder of functions/ is in the template and the other way round, each in the same way: a function that is added is
// forgotten nowhere.
func TestTemplate_HasEveryFunction(t *testing.T) {
	t.Parallel()
	tp := readTemplate(t)
	mains, err := filepath.Glob(filepath.Join(root(), "functions", "*", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	var folders, deployed []string
	for _, m := range mains {
		folders = append(folders, filepath.Base(filepath.Dir(m)))
	}
	entries, _ := tp.Resources["EntriesFunction"].Properties["Environment"].(map[string]any)
	addresses := asJSON(t, entries)
	for name, r := range tp.Resources {
		if r.Type != serverless {
			continue
		}
		stem, ok := strings.CutSuffix(name, "Function")
		if !ok {
			t.Errorf("%s: the name of a function ends in Function", name)
		}
		folder := strings.ToLower(stem)
		deployed = append(deployed, folder)
		if r.Metadata["BuildMethod"] != "makefile" {
			t.Errorf("%s is not built by make", name)
		}
		if d := cmp.Diff(map[string]any{"AuthType": "NONE", "InvokeMode": "BUFFERED"}, r.Properties["FunctionUrlConfig"]); d != "" {
			t.Errorf("%s: its URL (-want +got):\n%s", name, d)
		}
		for _, p := range []string{"MemorySize", "Timeout"} {
			if n, _ := r.Properties[p].(float64); n <= 0 {
				t.Errorf("%s has no %s of its own", name, p)
			}
		}
		if asJSON(t, r.Properties["Role"]) != `{"Fn::GetAtt":"FunctionRole.Arn"}` {
			t.Errorf("%s has the role %v: SAM would give it one that may more", name, r.Properties["Role"])
		}
		if got, want := asJSON(t, tp.Outputs[stem+"Url"].Value), `{"Fn::GetAtt":"`+name+`Url.FunctionUrl"}`; got != want {
			t.Errorf("output %sUrl is %s, want %s", stem, got, want)
		}
		if want := `\"` + folder + `\":\"${` + name + `Url.FunctionUrl}\"`; folder != "entries" && !strings.Contains(addresses, want) {
			t.Errorf("FUNCTION_URLS of EntriesFunction lacks %s", want)
		}
	}
	slices.Sort(deployed)
	if d := cmp.Diff(folders, deployed); d != "" {
		t.Errorf("folders of functions/ and functions of template.yaml (-folder +template):\n%s", d)
	}
}

// everyString calls f for every string in v.
func everyString(v any, f func(string)) {
	switch x := v.(type) {
	case string:
		f(x)
	case []any:
		for _, e := range x {
			everyString(e, f)
		}
	case map[string]any:
		for _, e := range x {
			everyString(e, f)
		}
	}
}

// Who may do what is said exactly; a star needs its reason beside it.
func TestTemplate_RolesMayWhatTheyNeed(t *testing.T) {
	t.Parallel()
	for name, r := range readTemplate(t).Resources {
		if !strings.HasPrefix(r.Type, "AWS::IAM::") {
			continue
		}
		if r.Properties["ManagedPolicyArns"] != nil {
			t.Errorf("%s: managed policies may more than is needed, and change", name)
		}
		stars := 0
		visitStatements(r.Properties, func(s map[string]any) {
			everyString(s["Action"], func(a string) {
				if strings.Contains(a, "*") {
					t.Errorf("%s allows the action %s", name, a)
				}
			})
			everyString(s["Resource"], func(a string) {
				if strings.Contains(a, "*") {
					stars++
				}
			})
		})
		if why, _ := r.Metadata["WhyStar"].(string); (stars > 0) != (why != "") {
			t.Errorf("%s has %d resources with a star, and the reason %q in its metadata", name, stars, why)
		}
	}
}

func visitStatements(v any, f func(map[string]any)) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			visitStatements(e, f)
		}
	case map[string]any:
		if x["Effect"] != nil {
			f(x)
		}
		for _, e := range x {
			visitStatements(e, f)
		}
	}
}

// A parameter that is not shown is a secret: it goes into Secrets Manager and nowhere else.
func TestTemplate_SecretsStandInNoEnvironment(t *testing.T) {
	t.Parallel()
	tp := readTemplate(t)
	secret := regexp.MustCompile(`(?i)key|token|secret|password|hash|proxy|redis`)
	for name, p := range tp.Parameters {
		if secret.MatchString(name) && !p.NoEcho {
			t.Errorf("parameter %s sounds like a secret and is shown", name)
		}
		if !p.NoEcho {
			continue
		}
		use := regexp.MustCompile(`\$\{` + name + `\}|"Ref":"` + name + `"`)
		for in, r := range tp.Resources {
			if r.Type != "AWS::SecretsManager::Secret" && use.MatchString(asJSON(t, r)) {
				t.Errorf("%s contains the secret parameter %s", in, name)
			}
		}
		if use.MatchString(asJSON(t, tp.Globals)) || use.MatchString(asJSON(t, tp.Outputs)) {
			t.Errorf("Globals or Outputs contain the secret parameter %s", name)
		}
	}
	for name, r := range tp.Resources {
		environment := asJSON(t, []any{r.Properties["Environment"], tp.Globals.Function.Environment})
		if r.Type == "AWS::ECS::TaskDefinition" {
			for _, c := range r.Properties["ContainerDefinitions"].([]any) {
				environment = asJSON(t, c.(map[string]any)["Environment"])
			}
		}
		for _, variable := range []string{"REDIS_URL", "NAMING_KEY", "SEAL_KEYS", "API_TOKENS", "TELEGRAM_PROXY", "TARGET_URL", "TARGET_SECRET", "TARGET_TOKEN"} {
			if strings.Contains(environment, `"`+variable+`"`) {
				t.Errorf("%s has %s in its plain environment", name, variable)
			}
		}
		if r.Type == "AWS::SecretsManager::Secret" && strings.Contains(name, "Key") && (r.DeletionPolicy != "Retain" || r.UpdateReplacePolicy != "Retain") {
			t.Errorf("%s goes with the stack: what is stored could not be opened any more", name)
		}
	}
}

func TestTemplate_LogsEnd(t *testing.T) {
	t.Parallel()
	tp := readTemplate(t)
	if tp.Globals.Function.LoggingConfig["LogGroup"] == nil || tp.Globals.Function.LoggingConfig["LogFormat"] != "JSON" {
		t.Error("functions have no log group of the stack: Lambda would make one that is kept for ever")
	}
	for name, r := range tp.Resources {
		if r.Type == "AWS::Logs::LogGroup" && r.Properties["RetentionInDays"] == nil {
			t.Errorf("%s is kept for ever", name)
		}
	}
}

// What LocalStack lacks, or what would be of no use there, is left out there.
func TestTemplate_ConditionsLeaveOutWhatLocalStackLacks(t *testing.T) {
	t.Parallel()
	everywhere := []string{serverless, "AWS::Logs::LogGroup", "AWS::IAM::Role", "AWS::SecretsManager::Secret"}
	for name, r := range readTemplate(t).Resources {
		if r.Condition == "" && !slices.Contains(everywhere, r.Type) {
			t.Errorf("%s (%s) has no condition", name, r.Type)
		}
	}
}

// A value that makes no sense is refused before anything is made, with a sentence.
func TestTemplate_ParametersAreChecked(t *testing.T) {
	t.Parallel()
	free := []string{"TelegramServers", "TargetOwner"} // any text will do
	for name, p := range readTemplate(t).Parameters {
		checked := p.AllowedPattern != "" || p.MinValue != nil || p.MaxValue != nil
		if checked && p.ConstraintDescription == "" {
			t.Errorf("%s is checked, and nothing says what it should be", name)
		}
		if !checked && len(p.AllowedValues) == 0 && !slices.Contains(free, name) {
			t.Errorf("%s takes anything", name)
		}
	}
}

func TestTemplate_ParametersTakeWhatMakesSense(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ good, bad []string }{
		"RedisUrl": {
			[]string{"rediss://u:p@h.example:6379", "rediss+cluster://h:1", "redis://127.0.0.1:6379", "redis://localhost:6379/1"},
			[]string{"", "redis://h.example:6379", "h.example:6379", "redis://127.0.0.1.example:6379", `rediss://u:"@h`, `rediss://u:\@h`, "rediss://u p@h"},
		},
		"ListenerImage":  {[]string{"", "1.dkr.ecr.eu-central-1.amazonaws.com/x:1.2"}, []string{"x", ":"}},
		"TelegramProxy":  {[]string{"", "socks5://h:1080", "socks5://u:p@h:1080"}, []string{"http://h:1", "socks5://h", `socks5://":1@h:1`}},
		"TargetUrl":      {[]string{"", "https://h.example/api/webhook/x"}, []string{"h.example", "ftp://h", `https://h/"`}},
		"TargetSecret":   {[]string{"", "whsec_QUJD", "whsec_QUJD whsec_QUI="}, []string{"QUJD", "whsec_\"", "whsec_a whsec_b whsec_c"}},
		"TargetToken":    {[]string{"", "eyJ0.eyJ1.abc_-"}, []string{`"`, "a b"}},
		"TargetTimeZone": {[]string{"", "UTC", "Europe/Warsaw", "America/Argentina/Ushuaia"}, []string{"Warsaw", "../etc"}},
		"AlarmEmail":     {[]string{"", "me@home.example"}, []string{"me", "@home.example", "me@home"}},
	}
	tp := readTemplate(t)
	for name, test := range tests {
		pattern := regexp.MustCompile(`^(?:` + tp.Parameters[name].AllowedPattern + `)$`) // CloudFormation matches whole values
		for _, v := range test.good {
			if !pattern.MatchString(v) {
				t.Errorf("%s refuses %q", name, v)
			}
		}
		for _, v := range test.bad {
			if pattern.MatchString(v) {
				t.Errorf("%s takes %q", name, v)
			}
		}
	}
	for name, p := range tp.Parameters {
		if _, ok := tests[name]; !ok && p.AllowedPattern != "" {
			t.Errorf("the pattern of %s is not tried", name)
		}
	}
}

// Two listeners would only wait for each other's leases, and nothing has to reach one.
func TestTemplate_TheListenerIsStoppedBeforeTheNextStarts(t *testing.T) {
	t.Parallel()
	tp := readTemplate(t)
	service := tp.Resources["Listener"].Properties
	deployment, _ := service["DeploymentConfiguration"].(map[string]any)
	if service["DesiredCount"] != 1. || deployment["MaximumPercent"] != 100. || deployment["MinimumHealthyPercent"] != 0. {
		t.Errorf("%v listeners, %v", service["DesiredCount"], deployment)
	}
	for name, r := range tp.Resources {
		if r.Type == "AWS::EC2::SecurityGroupIngress" || r.Properties["SecurityGroupIngress"] != nil {
			t.Errorf("%s lets something in", name)
		}
	}
	task := asJSON(t, tp.Resources["ListenerTask"].Properties)
	for _, want := range []string{`"ReadonlyRootFilesystem":true`, `"User":"65532:65532"`, `"Command":["CMD","/listener","healthcheck"]`} {
		if !strings.Contains(task, want) {
			t.Errorf("the listener's container lacks %s", want)
		}
	}
}

// The schedule says what the function understands, and nobody but the schedule may call it so.
func TestTemplate_OpenJobsAreTakenUp(t *testing.T) {
	t.Parallel()
	tp := readTemplate(t)
	want := `{"ScheduleExpression":"rate(1 minute)","Targets":[{"Arn":{"Fn::GetAtt":"SendMessagesFunction.Arn"},"Id":"sendmessages","Input":` +
		asJSON(t, string(lambdahttp.OpenJobsEvent())) + `}]}`
	if d := cmp.Diff(want, asJSON(t, tp.Resources["OpenJobs"].Properties)); d != "" {
		t.Errorf("the schedule (-want +got):\n%s", d)
	}
	for name, r := range tp.Resources {
		if r.Type == "AWS::Lambda::Permission" && r.Properties["SourceArn"] == nil {
			t.Errorf("%s lets anybody's %v call the function", name, r.Properties["Principal"])
		}
	}
}
