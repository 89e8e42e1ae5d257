/** Helpers shared by the packages of this module; not part of the public API. */
package io.adapt4j.core.internal;
