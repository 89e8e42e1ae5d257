/**
 * Linear layers whose frozen weights take fewer bits, whatever the form: dequantized for a product
 * and again for its derivative. For the modules that bring such a form.
 */
package io.adapt4j.kernels.internal.packed;
