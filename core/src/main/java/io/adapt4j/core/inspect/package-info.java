/**
 * Tells what a model folder holds, from its card, configuration and headers, loading no weights.
 */
@NullMarked
package io.adapt4j.core.inspect;

import org.jspecify.annotations.NullMarked;
