/** Models as GGUF files: export for llama.cpp and Ollama, the proof of an export, and import. */
@NullMarked
package io.adapt4j.gguf;

import org.jspecify.annotations.NullMarked;
