/**
 * GGUF files as models: their metadata as a configuration and a tokenizer, their tensors under the
 * names of checkpoints, their blocks in the places of linear weights.
 */
package io.adapt4j.gguf.internal.load;
