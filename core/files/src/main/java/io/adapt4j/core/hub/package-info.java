/**
 * Downloads models and datasets from a Hugging Face Hub into the cache shared with Python tools.
 */
@NullMarked
package io.adapt4j.core.hub;

import org.jspecify.annotations.NullMarked;
