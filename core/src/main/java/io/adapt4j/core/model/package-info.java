/** Which model is read, from where and in which number type. */
@NullMarked
package io.adapt4j.core.model;

import org.jspecify.annotations.NullMarked;
