/** Adapt4J core. */
package io.adapt4j.core;
