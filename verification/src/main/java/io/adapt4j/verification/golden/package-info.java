/** Recomputes golden folders: reference numbers of the Hugging Face Python stack. */
package io.adapt4j.verification.golden;
