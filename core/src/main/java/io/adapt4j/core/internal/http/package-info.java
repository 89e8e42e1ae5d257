/** What clients of HTTP services share: trying again, waiting, watching streams; not public API. */
package io.adapt4j.core.internal.http;
