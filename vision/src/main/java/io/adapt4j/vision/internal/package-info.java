/**
 * Values shared by the packages of the module: pixels that towers take, features that they give.
 */
@NullMarked
package io.adapt4j.vision.internal;

import org.jspecify.annotations.NullMarked;
