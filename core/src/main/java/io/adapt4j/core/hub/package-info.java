/** Downloads models and datasets from a Hugging Face Hub into the cache that Python tools share. */
@NullMarked
package io.adapt4j.core.hub;

import org.jspecify.annotations.NullMarked;
