/** The study of knowledge by fine-tuning and by retrieval, and what its parts are made of. */
package io.adapt4j.verification.study;
