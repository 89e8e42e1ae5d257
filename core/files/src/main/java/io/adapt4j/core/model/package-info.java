/** Model locations and data types. */
@NullMarked
package io.adapt4j.core.model;

import org.jspecify.annotations.NullMarked;
