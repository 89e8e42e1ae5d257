/** Templates, messages and formats of pages. */
@NullMarked
package io.adapt4j.studio.internal.page;

import org.jspecify.annotations.NullMarked;
