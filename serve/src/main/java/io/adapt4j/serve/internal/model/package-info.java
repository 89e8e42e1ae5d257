/** Models of a server by name. */
@NullMarked
package io.adapt4j.serve.internal.model;

import org.jspecify.annotations.NullMarked;
