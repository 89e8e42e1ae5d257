/** The endpoint of completions. */
@NullMarked
package io.adapt4j.serve.internal.completion;

import org.jspecify.annotations.NullMarked;
