/** Lets a build fail where a model got worse. */
package io.adapt4j.eval.assertion;
