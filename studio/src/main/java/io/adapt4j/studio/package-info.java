/** The studio: the library as a web application, on this machine's browser. */
@NullMarked
package io.adapt4j.studio;

import org.jspecify.annotations.NullMarked;
