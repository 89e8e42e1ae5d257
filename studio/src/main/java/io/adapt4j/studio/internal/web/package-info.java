/** Requests, responses, and who may send them. */
@NullMarked
package io.adapt4j.studio.internal.web;

import org.jspecify.annotations.NullMarked;
