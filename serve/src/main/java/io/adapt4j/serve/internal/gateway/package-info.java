/** Entrance of all requests: authentication, routing, time limits, metrics and the page. */
@NullMarked
package io.adapt4j.serve.internal.gateway;

import org.jspecify.annotations.NullMarked;
