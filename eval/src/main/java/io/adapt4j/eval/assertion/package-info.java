/** Lets a build fail where a model got worse. */
@NullMarked
package io.adapt4j.eval.assertion;

import org.jspecify.annotations.NullMarked;
