/** HTTP requests: bodies, parameters, errors, clients that leave, and turns for slow work. */
@NullMarked
package io.adapt4j.serve.internal.http;

import org.jspecify.annotations.NullMarked;
