/** Text models of vision-language models that are decoders of other families. */
package io.adapt4j.core.internal.nn.family.vision;
