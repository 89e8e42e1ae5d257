/**
 * Traces and metrics of served requests by OpenTelemetry's conventions, if its API is on the class
 * path.
 */
@NullMarked
package io.adapt4j.serve.telemetry;

import org.jspecify.annotations.NullMarked;
