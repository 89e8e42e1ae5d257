/** Registry of model families, including those of applications and unknown ones. */
package io.adapt4j.core.internal.nn.family;
