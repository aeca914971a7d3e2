# The functions on AWS and on LocalStack. `sam build` calls build-<LogicalId> for each function of template.yaml.

# ARCH is the architecture as Lambda calls it: arm64 or x86_64.
ARCH ?= arm64
GOARCH_arm64 = arm64
GOARCH_x86_64 = amd64
SAM = SAM_CLI_TELEMETRY=0 AWS_EC2_METADATA_DISABLED=true AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $$(infra/install-sam.sh)
SAM_CONFIG = --config-file $(CURDIR)/infra/samconfig.toml
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
# Where the built functions are, ready to be deployed.
BUILD_DIR ?= $(CURDIR)/.aws-sam/build-$(ARCH)
export ARCH VERSION

# How every program of a release is built. lambda.norpc leaves out what only the retired go1.x runtime needs; without a
# symbol table a function is 12 MB smaller, and 1.7 MB when the functions of Telegram's schema are not copied into each other.
GO_BUILD = CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_$(ARCH)) $(GO) build -trimpath -tags lambda.norpc -gcflags=github.com/gotd/td/tg=-l \
  -ldflags='-s -w -buildid= $(if $(VERSION),-X telegram-client/shared/process.version=$(VERSION))'

# The folder of a function is its name in lower case.
build-%Function:
	@$(MAKE) --no-print-directory build-function NAME=$(shell echo $* | tr A-Z a-z)

.PHONY: build-function
build-function:
	$(if $(GOARCH_$(ARCH)),,$(error ARCH is $(ARCH), want arm64 or x86_64))
	$(GO_BUILD) -o $(ARTIFACTS_DIR)/bootstrap ./functions/$(NAME)

.PHONY: zips
zips: ## the functions as zips for Lambda, in dist/; ARCH=x86_64 for the other architecture
	@infra/zips.sh

.PHONY: sam
sam: ## validate template.yaml and build the functions for Lambda, offline; ARCH=x86_64 for the other architecture
	$(SAM) validate --lint --template template.yaml $(SAM_CONFIG)
	@$(MAKE) --no-print-directory sam-build

.PHONY: sam-build
sam-build:
	$(SAM) build --template template.yaml $(SAM_CONFIG) --build-dir $(BUILD_DIR) --parameter-overrides LambdaArch=$(ARCH)

.PHONY: deploy
deploy: ## build, push the listener's image and deploy to AWS; prints the address, the token and Home Assistant's package
	@infra/deploy.sh

.PHONY: deploy-local
deploy-local: ## the same on LocalStack, with store and listener beside it, until Ctrl-C
	@infra/setup-store.sh
	$(GO) run ./localstack/deploy

.PHONY: test-localstack
test-localstack: ## the story on a real LocalStack, through sam deploy, with an update of the stack in the middle
	@infra/setup-store.sh
	$(GO) test -count=1 -timeout 10m -tags localstack $(TESTFLAGS) ./tests/localstack
