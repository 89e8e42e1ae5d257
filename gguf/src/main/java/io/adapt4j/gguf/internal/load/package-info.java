/**
 * Loads GGUF files as models: metadata as configuration and tokenizer, tensors under checkpoint
 * names, quantized blocks as linear weights.
 */
package io.adapt4j.gguf.internal.load;
