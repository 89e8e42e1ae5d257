/** Messages of the Model Context Protocol, for its client and its server. */
@NullMarked
package io.adapt4j.tools.internal.rpc;

import org.jspecify.annotations.NullMarked;
