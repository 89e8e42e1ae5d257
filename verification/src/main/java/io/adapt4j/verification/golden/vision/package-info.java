/** Golden folders of models that look at pictures. */
@NullMarked
package io.adapt4j.verification.golden.vision;

import org.jspecify.annotations.NullMarked;
