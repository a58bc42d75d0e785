/** zod compiles its schemas with `new Function` where it may. Here it may not, and even asking breaks the content security policy: imported before any schema is used. */
import { config } from 'zod';

config({ jitless: true });
