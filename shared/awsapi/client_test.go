package awsapi

import (
	"testing"
	"time"
)

func vars(region string) map[string]string {
	return map[string]string{"AWS_REGION": region, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}
}

func TestFromVars_KnowsTheAddressOfEachRegion(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"eu-central-1": "https://secretsmanager.eu-central-1.amazonaws.com", "cn-north-1": "https://secretsmanager.cn-north-1.amazonaws.com.cn",
	} {
		v := vars(region)
		c, err := FromVars(v, "secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER", time.Now)
		if err != nil || c.Endpoint() != want {
			t.Errorf("%s: %v, %v", region, c, err)
		}
	}
	if _, err := FromVars(map[string]string{"AWS_REGION": "eu-central-1"}, "lambda", "", time.Now); err == nil {
		t.Error("no credentials, no error")
	}
}

func TestFromVars_AnotherAddress(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]map[string]string{
		"http://one":    {"AWS_ENDPOINT_URL": "http://all/", "AWS_ENDPOINT_URL_LAMBDA": "http://one/"},
		"http://all/of": {"AWS_ENDPOINT_URL": "http://all/of/"},
	} {
		v := vars("eu-central-1")
		for name, value := range set {
			v[name] = value
		}
		if c, err := FromVars(v, "lambda", "AWS_ENDPOINT_URL_LAMBDA", time.Now); err != nil || c.Endpoint() != want {
			t.Errorf("%v, %v", c, err)
		}
	}
}
