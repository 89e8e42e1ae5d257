/** What a model gets wrong: the worst cases, where they gather, and rows to correct them with. */
@NullMarked
package io.adapt4j.eval.failure;

import org.jspecify.annotations.NullMarked;
