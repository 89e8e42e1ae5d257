/** Parts that several families share: configuration fields, Llama-like layers, experts. */
package io.adapt4j.core.internal.nn.family.common;
