/** Shared by the packages of this module. */
package io.adapt4j.rag.internal;
