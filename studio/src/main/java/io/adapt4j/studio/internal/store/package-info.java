/** The workspace: everything the studio keeps, in files. */
@NullMarked
package io.adapt4j.studio.internal.store;

import org.jspecify.annotations.NullMarked;
