/** Image towers and projectors in llama.cpp's mmproj files, by family. */
@NullMarked
package io.adapt4j.gguf.internal.picture;

import org.jspecify.annotations.NullMarked;
