package process

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"telegram-client/shared/secretsmanager"
)

// secretSuffix ends the name of a variable that names a secret of AWS Secrets Manager: NAMING_KEY_SECRET_ARN names the one
// that holds NAMING_KEY. What stands in the environment of a function everybody can read who may look at the function.
const secretSuffix = "_SECRET_ARN"

// severalSettings is the variable whose secret holds several variables, as a JSON object of texts.
const severalSettings = "SETTINGS"

// secretsWithin bounds the reading of all secrets: half of the time that Lambda gives a function to start.
const secretsWithin = 5 * time.Second

// readSecrets sets the variables whose values are secrets of AWS. What it cannot read is a problem that every Load tells.
func (e *Environ) readSecrets(ctx context.Context) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(e.Vars)) {
		if strings.HasSuffix(name, secretSuffix) && e.Vars[name] != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	client, err := secretsmanager.FromVars(e.Vars, time.Now)
	if err != nil {
		e.problems = append(e.problems, names[0]+": "+err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(ctx, secretsWithin)
	defer cancel()
	values, problems := make([]map[string]string, len(names)), make([]string, len(names))
	var reads sync.WaitGroup
	for i, name := range names {
		reads.Go(func() {
			text, err := client.Get(ctx, e.Vars[name])
			if err != nil {
				problems[i] = name + ": " + err.Error()
				return
			}
			variable := strings.TrimSuffix(name, secretSuffix)
			if variable != severalSettings {
				values[i] = map[string]string{variable: text}
			} else if json.Unmarshal([]byte(text), &values[i]) != nil {
				problems[i] = name + ": the secret is not a JSON object of texts"
			}
		})
	}
	reads.Wait()
	vars := maps.Clone(e.Vars) // the caller's map is not ours
	for i, name := range names {
		if problems[i] != "" {
			e.problems = append(e.problems, problems[i])
		}
		for variable, value := range values[i] {
			if vars[variable] != "" {
				e.problems = append(e.problems, variable+": "+name+" is set too; choose one")
				continue
			}
			vars[variable] = value
		}
	}
	e.Vars = vars
}
