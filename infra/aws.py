"""Asks AWS for what `make deploy` needs and the SAM CLI does not tell. It runs in the SAM CLI's Python, which has boto3,
with whatever credentials the SAM CLI finds.

    aws.py outputs STACK       the stack's outputs, NAME=VALUE a line; nothing if there is no such stack
    aws.py secret ARN          the text of a secret
    aws.py registry-password   the password of the user AWS at the registry of images
"""

import base64
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def outputs(stack):
    try:
        described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise
    for output in described.get("Outputs", []):
        print(f"{output['OutputKey']}={output['OutputValue']}")


def secret(arn):
    print(boto3.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])


def registry_password():
    data = boto3.client("ecr").get_authorization_token()["authorizationData"][0]
    print(base64.b64decode(data["authorizationToken"]).decode().partition(":")[2])


commands = {"outputs": outputs, "secret": secret, "registry-password": registry_password}
try:
    commands[sys.argv[1]](*sys.argv[2:])
except (BotoCoreError, ClientError) as error:
    sys.exit(f"aws: {error}")
except (KeyError, IndexError, TypeError):
    sys.exit(__doc__)
