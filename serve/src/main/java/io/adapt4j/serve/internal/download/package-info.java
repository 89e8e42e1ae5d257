/** Downloads of what requests name by URLs. */
@NullMarked
package io.adapt4j.serve.internal.download;

import org.jspecify.annotations.NullMarked;
