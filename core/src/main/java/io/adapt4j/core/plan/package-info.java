/** What a training will take of memory and time, worked out before it runs. */
package io.adapt4j.core.plan;
