/** Decoder families with dense MLPs, such as Llama, Qwen, Gemma and GPT-2. */
package io.adapt4j.core.internal.nn.family.decoder;
