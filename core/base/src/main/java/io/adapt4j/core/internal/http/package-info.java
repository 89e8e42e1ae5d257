/** Shared code of HTTP clients: retries, waiting, watching streams; not public API. */
package io.adapt4j.core.internal.http;
