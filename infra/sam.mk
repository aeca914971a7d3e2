# The functions on AWS. `sam build` calls build-<LogicalId> for each function of template.yaml.

# ARCH is the architecture as Lambda calls it: arm64 or x86_64.
ARCH ?= arm64
SAM_GOARCH = $(if $(filter x86_64,$(ARCH)),amd64,$(ARCH))
SAM = SAM_CLI_TELEMETRY=0 AWS_EC2_METADATA_DISABLED=true AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $$(infra/install-sam.sh)
SAM_CONFIG = --config-file $(CURDIR)/infra/samconfig.toml
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
export ARCH VERSION

# lambda.norpc leaves out what only the retired go1.x runtime needs; without a symbol table a function is 12 MB smaller.
define build_function
CGO_ENABLED=0 GOOS=linux GOARCH=$(SAM_GOARCH) $(GO) build -trimpath -tags lambda.norpc \
  -ldflags='-s -w -buildid= $(if $(VERSION),-X telegram-client/shared/process.version=$(VERSION))' \
  -o $(ARTIFACTS_DIR)/bootstrap ./functions/$(1)
endef

.PHONY: build-ConfigFlowFunction build-OptionsFlowFunction build-EntriesFunction build-SendMessagesFunction
build-ConfigFlowFunction:
	$(call build_function,configflow)
build-OptionsFlowFunction:
	$(call build_function,optionsflow)
build-EntriesFunction:
	$(call build_function,entries)
build-SendMessagesFunction:
	$(call build_function,sendmessages)

.PHONY: sam
sam: ## validate template.yaml and build the functions for Lambda, offline; ARCH=x86_64 for the other architecture
	$(SAM) validate --lint --template template.yaml $(SAM_CONFIG)
	$(SAM) build --template template.yaml $(SAM_CONFIG) --parameter-overrides LambdaArch=$(ARCH)

.PHONY: deploy
deploy: sam ## deploy the functions to AWS; asks for the parameters
	$(SAM) deploy --guided --template .aws-sam/build/template.yaml $(SAM_CONFIG) --parameter-overrides LambdaArch=$(ARCH)
