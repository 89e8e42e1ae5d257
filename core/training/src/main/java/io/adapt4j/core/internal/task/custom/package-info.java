/** User-defined objectives. */
package io.adapt4j.core.internal.task.custom;
