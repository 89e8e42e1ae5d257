/** The endpoint of classifiers, which joins concurrent requests. */
@NullMarked
package io.adapt4j.serve.internal.classify;

import org.jspecify.annotations.NullMarked;
