/** Language models that read pictures of requests, with the module {@code vision}. */
@NullMarked
package io.adapt4j.serve.vision;

import org.jspecify.annotations.NullMarked;
