/** Reading of pictures and pages to be searched by their looks. */
@NullMarked
package io.adapt4j.rag.internal.picture;

import org.jspecify.annotations.NullMarked;
