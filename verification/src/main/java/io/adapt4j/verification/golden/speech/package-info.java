/** Checks of models that listen to recordings. */
package io.adapt4j.verification.golden.speech;
