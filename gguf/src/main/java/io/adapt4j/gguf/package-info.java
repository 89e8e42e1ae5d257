/** Models as GGUF files: export for llama.cpp and Ollama, verification of an export, and import. */
@NullMarked
package io.adapt4j.gguf;

import org.jspecify.annotations.NullMarked;
