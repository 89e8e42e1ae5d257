/**
 * Tells what a model folder holds, from its card, configuration and headers, loading no weights.
 */
package io.adapt4j.core.inspect;
