#!/usr/bin/env bash
# Installs llama.cpp for the tests of the module gguf, as the npm package node-llama-cpp, and prints
# the folder it is in.
#
#   export ADAPT4J_LLAMA_CPP=$(.ci/llama.cpp)
#
# Needs node and npm; without them, or without a network, it prints nothing and fails, and the tests
# skip themselves. Only the build for the processor is fetched, no other one runs here.
set -euo pipefail

readonly VERSION=3.22.1
readonly FOLDER=${ADAPT4J_LLAMA_CPP_FOLDER:-${TMPDIR:-/tmp}/adapt4j-llama-cpp-$VERSION}

say() {
  echo ".ci/llama.cpp: $*" >&2
}

platform() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo linux-x64 ;;
    Linux-aarch64) echo linux-arm64 ;;
    Darwin-arm64) echo mac-arm64-metal ;;
    *) return 1 ;;
  esac
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  say "no node or npm here"
  exit 1
fi
if ! build=$(platform); then
  say "no build for $(uname -s) on $(uname -m)"
  exit 1
fi
if [ ! -d "$FOLDER/node_modules/node-llama-cpp" ]; then
  say "installing node-llama-cpp $VERSION"
  part=$FOLDER.part
  rm -rf "$part"
  mkdir -p "$part"
  # Scripts would look for compilers, and the optional packages are builds for GPUs.
  if ! timeout 120 npm install --prefix "$part" --no-save --omit=optional --ignore-scripts \
    --no-audit --no-fund --loglevel=error \
    "node-llama-cpp@$VERSION" "@node-llama-cpp/$build@$VERSION" >&2; then
    say "npm failed"
    rm -rf "$part"
    exit 1
  fi
  mv "$part" "$FOLDER"
fi
echo "$FOLDER"
