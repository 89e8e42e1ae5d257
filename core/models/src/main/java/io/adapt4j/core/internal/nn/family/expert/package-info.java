/** Decoder families with mixtures of experts. */
package io.adapt4j.core.internal.nn.family.expert;
