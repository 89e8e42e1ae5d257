/** Encoder families, such as BERT, ModernBERT and DeBERTa. */
package io.adapt4j.core.internal.nn.family.encoder;
